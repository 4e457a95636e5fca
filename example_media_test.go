package wechat_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/wechattest"
)

func ExampleClient_UploadMedia() {
	ctx := context.Background()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	client := platform.Client()

	// An *os.File will do as Content, as will any other reader.
	media, err := client.UploadMedia(ctx, wechat.MediaImage, wechat.File{
		Name:    "poster.png",
		Content: strings.NewReader("the bytes of a picture"),
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(media.Type, media.MediaID != "")
	// Output:
	// image true
}

func ExampleOpenFile() {
	ctx := context.Background()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	client := platform.Client()
	name := filepath.Join(os.TempDir(), "wechat-poster.png")
	if err := os.WriteFile(name, []byte("the bytes of a picture"), 0o600); err != nil {
		log.Fatal(err)
	}
	defer func() { _ = os.Remove(name) }()

	material, err := client.UploadMaterial(ctx, wechat.MediaImage, wechat.OpenFile(name))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(material.MediaID != "")
	// Output:
	// true
}

func ExampleSaveFile() {
	ctx := context.Background()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	client := platform.Client()
	name := filepath.Join(os.TempDir(), "wechat-example.jpg")
	defer func() { _ = os.Remove(name) }()

	media, err := client.UploadMedia(ctx, wechat.MediaImage, wechat.File{Name: "cat.jpg", Content: strings.NewReader("a picture")})
	if err != nil {
		log.Fatal(err)
	}
	err = wechat.SaveFile(name, func(w io.Writer) error {
		_, err := client.DownloadMedia(ctx, media.MediaID, w)
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	content, err := os.ReadFile(name)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(content))
	// Output:
	// a picture
}

// Delete the materials whose names mark them as old. They are collected first, because
// deleting during an iteration shifts the remaining ones.
func ExampleClient_AllMaterials() {
	ctx := context.Background()
	platform := wechattest.NewPlatform()
	defer platform.Close()
	client := platform.Client()
	for _, name := range []string{"2025-poster.png", "2026-poster.png"} {
		file := wechat.File{Name: name, Content: strings.NewReader("the bytes of a picture")}
		if _, err := client.UploadMaterial(ctx, wechat.MediaImage, file); err != nil {
			log.Fatal(err)
		}
	}

	var old []wechat.Material
	for material, err := range client.AllMaterials(ctx, wechat.MediaImage) {
		if err != nil {
			log.Fatal(err)
		}
		if strings.HasPrefix(material.Name, "2025") {
			old = append(old, material)
		}
	}
	for _, material := range old {
		if err := client.DeleteMaterial(ctx, material.MediaID); err != nil {
			log.Fatal(err)
		}
		fmt.Println("deleted", material.Name)
	}
	count, err := client.GetMaterialCount(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(count.Images, "image remains")
	// Output:
	// deleted 2025-poster.png
	// 1 image remains
}
